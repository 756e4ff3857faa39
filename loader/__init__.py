"""The `peaks` command: photos and peaks in, assets applied, questions asked."""
