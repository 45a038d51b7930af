"""What happens after a request: jobs that send, score, make reports and hand them over."""
