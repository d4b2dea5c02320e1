"""Where releases and their images come from: what the verbs share."""
