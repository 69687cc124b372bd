# Runs a program and ends with it. Each line of the input is a signal for the program. The end of the input means that
# whoever started us is gone, however that happened; then the program ends at once. Only a parent can know that a process
# number is still its child's, so nobody else sends signals to the program.
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
{
  while read -r signal <&3; do kill -s "$signal" "$program"; done
  kill -s QUIT "$program"
} 2>/dev/null &
ear=$!
wait "$program"
code=$?
kill "$ear" 2>/dev/null
exit "$code"
