def mean(v):
    return sum(v) / len(v)


def reverse(v):
    v.reverse()
