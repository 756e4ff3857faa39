"""The output for people: tables, progress, the contact sheet, the sight picture, the summary of a load."""
