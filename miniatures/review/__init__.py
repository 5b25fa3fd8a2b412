"""What people say of drafts and examples: readings, reviews, rulings and the queue that waits for them."""
