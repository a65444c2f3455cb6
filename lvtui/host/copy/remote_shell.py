"""What runs on the other host: a loop in plain sh with GNU dd and sha256sum, nothing to install.

It takes one line a request on its input, bytes behind it where they belong to it, and answers with a
line. What fails ends it, so that no bytes are ever taken for a request.

    q              what is there: `none`, `part INODE SIZE` or `final INODE SIZE`
    c SIZE         make NAME.part, which must not exist, of that size
    t SIZE         set its size
    w OFFSET LEN   the next LEN bytes go there; answered by nothing
    z OFFSET LEN   zeros there, as a hole where that is possible; answered by nothing
    s              make it durable
    n              drop what the kernel keeps of it in memory
    d OFFSET LEN   the sha256 of a part
    h              the sha256 of all
    p              give it its final name, which no other file may have
"""

from __future__ import annotations

import shlex

LOOP = """LC_ALL=C; export LC_ALL; umask 077
fail() { printf 'err %s\\n' "$(printf %s "$1" | tr '\\n' ' ')"; exit 1; }
here() { if [ -f "$p" ]; then g=$p; else g=$f; fi; }
while read -r o a b; do
case $o in
q) if [ -h "$p" ] || [ -h "$f" ]; then fail 'a symbolic link is in the way'
   elif [ -e "$p" ]; then printf 'part %s\\n' "$(stat -c '%i %s' -- "$p")"
   elif [ -e "$f" ]; then printf 'final %s\\n' "$(stat -c '%i %s' -- "$f")"
   else echo none; fi ;;
c) m=$( { set -C; : > "$p"; } 2>&1 ) || fail "$m"
   m=$(truncate -s "$a" -- "$p" 2>&1) || fail "$m"
   printf 'part %s\\n' "$(stat -c '%i %s' -- "$p")" ;;
t) m=$(truncate -s "$a" -- "$p" 2>&1) || fail "$m"; echo ok ;;
w) m=$(dd bs="$b" count=1 iflag=fullblock of="$p" seek="$a" oflag=seek_bytes conv=notrunc \\
   status=none 2>&1) || fail "$m" ;;
z) fallocate -p -o "$a" -l "$b" -- "$p" 2>/dev/null || \\
   m=$(dd if=/dev/zero bs=1M count="$b" iflag=count_bytes of="$p" seek="$a" oflag=seek_bytes \\
   conv=notrunc status=none 2>&1) || fail "$m" ;;
s) m=$(dd if=/dev/null of="$p" conv=notrunc,fdatasync status=none 2>&1) || fail "$m"; echo ok ;;
n) here; dd if="$g" iflag=nocache count=0 status=none 2>/dev/null; echo ok ;;
d) here; m=$(dd if="$g" bs=1M iflag=skip_bytes,count_bytes skip="$a" count="$b" status=none \\
   2>/dev/null | sha256sum) || fail "$m"; echo "sum ${m%% *}" ;;
h) here; m=$(sha256sum < "$g" 2>&1) || fail "$m"; echo "sum ${m%% *}" ;;
p) if [ -e "$p" ]; then
     m=$( { ln -- "$p" "$f" && rm -f -- "$p"; } 2>&1 ) || fail "$m"
   fi
   sync; echo ok ;;
*) fail 'what is that' ;;
esac
done
"""


def command(final: str) -> str:
    """The line that ssh hands to the other host's shell."""
    script = f"p={shlex.quote(final + '.part')}; f={shlex.quote(final)}\n{LOOP}"
    return f"exec sh -c {shlex.quote(script)}"
