"""The slices: one noun each, the same file names in each, imports in one declared direction."""
