# ATTACK 131 waits what Python and the shell take from where they stand: modules, start files, variables.
# EXPECT  CONTAINED: nothing of whoever runs it is inherited.
import os, sys
bad = [k for k in os.environ if k.startswith(('PYTHON', 'LD_', 'GCC_', 'PERL', 'BASH_ENV', 'ENV', 'SSH_', 'XDG_', 'DBUS', 'ASSAY', 'SUDO', 'CANARY'))]
if any('CANARY' in v for v in os.environ.values()): bad.append('a canary')
for p in sys.path:
    if p.startswith(('/root', '/home')): bad.append(p)
if os.getcwd() in ('/root', '/home'): bad.append(os.getcwd())
if os.getpgid(0) == 0 or os.getsid(0) == 0: bad.append('a session from outside')
print('RESULT', 'ESCAPED' if bad else 'CONTAINED', bad)
