"""What people see: public booking, the office, incoming webhooks."""
