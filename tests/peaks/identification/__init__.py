"""Tests of the rule that names mountains, and of what applies it."""
