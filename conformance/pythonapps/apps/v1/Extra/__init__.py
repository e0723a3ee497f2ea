def main(req, more): pass
