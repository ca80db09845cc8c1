"""The demo school: invented people, real files, loaded through the real importers."""
