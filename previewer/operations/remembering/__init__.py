"""What is kept of what was done and of what is gone: what the verbs share."""
