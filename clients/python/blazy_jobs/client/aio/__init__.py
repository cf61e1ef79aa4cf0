"""`AsyncClient`: the calls of sync/, awaited."""
