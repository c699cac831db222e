import sys

words = sys.stdin.read().split()
total = 0
for i in range(1, len(words)):
    total = 0
    for j in range(1, i + 1):
        for _ in range(20):
            total += int(words[j])
        total -= 19 * int(words[j])
print(total)
