"""What an attacker would try, each with its exact answer."""
