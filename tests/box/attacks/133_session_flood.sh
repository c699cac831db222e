#!/bin/sh
# ATTACK 133 an interactive session: floods of several jobs, survivors of its end, a terminal left raw.
# HARNESS also inside an interactive session; it must answer meanwhile.
# EXPECT  CONTAINED.
# OUTSIDE nothing of it is alive when the session has ended.
stty raw -echo 2>/dev/null
for i in 1 2 3; do
	(trap '' HUP INT TERM QUIT; while :; do echo "$i flood flood flood flood"; done) &
	(trap '' HUP INT TERM QUIT; setsid sleep 1000) &
done >/dev/null 2>&1
(trap '' HUP INT TERM QUIT; i=0; while [ $i -lt 20000 ]; do echo "flood flood flood"; i=$((i + 1)); done) 2>/dev/null &
printf '\033[8;9999;9999t\033Pq'
stty sane 2>/dev/null
echo "RESULT CONTAINED left"
