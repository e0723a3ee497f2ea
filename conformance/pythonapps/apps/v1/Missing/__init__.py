import not_there
def main(req): pass
