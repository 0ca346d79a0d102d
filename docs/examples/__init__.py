"""Examples of the documentation; tests hold them to what the pages say."""
