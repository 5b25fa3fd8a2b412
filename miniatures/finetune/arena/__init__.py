"""The arena: realistic sites by several hands, each sentence that matters labelled, against which systems are read."""
