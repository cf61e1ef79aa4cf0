"""HTTP requests to places that users name: guarded (`addresses`, `resolving`, `wire`), limited (`sender`), signed."""
