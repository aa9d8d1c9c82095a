"""The head, which draws faces in full size and with alpha from what the generator drew at 64 pixels."""
