"""From the bytes of a document to its main text: what a reader would see, and nothing that was hidden from them."""
