"""How a plan is carried out, and undone, in the engine: what the verbs share."""
