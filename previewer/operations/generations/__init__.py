"""How one generation of an environment comes to be, takes over and goes: what the verbs share."""
