"""What is looked at before anything is sent: the campaign, its servers, its DNS records and its way to opt out."""
