low, high = 1, 1000
while True:
    guess = (low + high) // 2
    print(guess, flush=True)
    answer = input()
    if answer == 'yes':
        break
    if answer == 'more':
        low = guess + 1
    else:
        high = guess - 1
