# your program
