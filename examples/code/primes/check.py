# check.py INPUT ANSWER FEEDBACK-FOLDER, the output on standard input.
import sys


def is_prime(n):
    return n > 1 and all(n % d for d in range(2, int(n**0.5) + 1))


def say(verdict, text):
    with open(sys.argv[3] + '/teammessage.txt', 'w') as f:
        f.write(text)
    sys.exit(verdict)


with open(sys.argv[1]) as f:
    n = int(f.read())
words = sys.stdin.buffer.read(1000).split()
if len(words) != 2 or not all(w.isdigit() and len(w) < 10 for w in words):
    say(43, 'write two numbers')
a, b = map(int, words)
if a + b != n:
    say(43, 'their sum is another number')
if not is_prime(a) or not is_prime(b):
    say(43, 'one of them is no prime')
say(42, '')
