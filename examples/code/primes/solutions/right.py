n = int(input())


def is_prime(k):
    return k > 1 and all(k % d for d in range(2, int(k**0.5) + 1))


for a in range(2, n):
    if is_prime(a) and is_prime(n - a):
        print(n - a, a)
        break
