# talk.py INPUT OUTPUT ANSWER: standard output goes to the program, standard
# input comes from it. Status 0: found, 1: not.
import sys

with open(sys.argv[1]) as f:
    secret = int(f.read())
for _ in range(10):
    line = sys.stdin.readline(100).strip()
    if not line.isdigit():
        print('a guess must be a number', file=sys.stderr)
        sys.exit(1)
    guess = int(line)
    if guess == secret:
        print('yes', flush=True)
        sys.exit(0)
    print('more' if guess < secret else 'less', flush=True)
print('ten guesses are over', file=sys.stderr)
sys.exit(1)
