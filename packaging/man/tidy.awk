# mdoc as its style asks for: a new line after each sentence, none over 78
# bytes. Lines of macros are left as they are.
function put(line) {
	if (line ~ /^[.']/)
		line = "\\&" line
	print line
}
/^[.']/ || /^\\&/ || /^$/ { print; next }
{
	line = ""
	n = split($0, words, / +/)
	for (i = 1; i <= n; i++) {
		w = words[i]
		if (line != "" && length(line) + 1 + length(w) > 78) {
			put(line)
			line = ""
		}
		line = line == "" ? w : line " " w
		if (w ~ /[A-Za-z0-9)"}][.?!]$/ && w !~ /\.\.\.$/ && i < n &&
		    words[i + 1] ~ /^[A-Z0-9"{(]/) {
			put(line)
			line = ""
		}
	}
	if (line != "")
		put(line)
}
