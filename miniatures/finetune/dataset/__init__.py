"""Examples of traces and gold data, frozen into a dataset with a manifest."""
