"""What stands in public: it counts pictures and links of emails and takes opt-outs. It is no part of the review app."""
