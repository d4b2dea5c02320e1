"""Which packages are in an image, read from its files: pure functions over bytes that anybody may have written."""
