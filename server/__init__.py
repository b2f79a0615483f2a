"""Narthex: one installation, thousands of churches. `architecture` in README.md says where a line lives."""
