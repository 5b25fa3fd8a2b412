"""What comes home: each mail is read, told what it is, tied to the email it answers, and acted on once."""
