"""The HTTP and WebSocket edge: parses, calls one service, renders."""
