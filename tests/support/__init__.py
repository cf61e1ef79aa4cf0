"""What tests of whole processes need: a server to start, kill and start again, a strict reader of event streams."""
