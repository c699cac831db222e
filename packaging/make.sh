#!/bin/sh
# Makes one installed file from what a program prints.
#   make.sh NAME PROGRAM "ARGUMENTS" OUT DATE
set -eu
here=$(dirname "$0")
name=$1 program=$2 arguments=$3 out=$4 today=$5
day=$(LC_ALL=C date -u -d "$today" "+%B %-d, %Y") # as .Dd wants it

# fill FRAME: @DATE@, and the line @BODY@ replaced by the program's output.
fill() {
	# shellcheck disable=SC2086
	$program $arguments >"$out.body"
	sed -e "s/@DATE@/$day/" -e "/@BODY@/{r $out.body
d
}" "$1"
	rm "$out.body"
}

case $name in
*.[158])
	if [ -f "$here/man/$name.in" ]; then
		fill "$here/man/$name.in"
	else
		# shellcheck disable=SC2086
		$program $arguments
	fi | sed "s/\\\$Mdocdate\\\$/$day/" |
		awk -f "$here/man/tidy.awk" >"$out.new"
	;;
assayd.conf)
	# The package's data folder, and jobs are for assay-worker.service; the
	# rest are the defaults, as comments.
	# shellcheck disable=SC2086
	$program $arguments |
		sed -e 's|^#data = .*|data = /var/lib/assay|' \
			-e 's|^#worker = .*|worker = none|' >"$out.new"
	;;
assay-worker.conf)
	# shellcheck disable=SC2086
	$program $arguments |
		sed 's|^#server = .*|server = ipc:///var/lib/assay/assay.sock|' \
			>"$out.new"
	;;
assay.bash)
	# shellcheck disable=SC2086
	$program $arguments >"$out.new"
	;;
changelog)
	{
		echo "assay ($arguments) unstable; urgency=medium"
		echo
		echo "  * See the history of the source tree."
		echo
		echo " -- The Assay developers <assay@example.org>  $(date -u -R -d "$today")"
	} >"$out.new"
	;;
esac
mv "$out.new" "$out"
case $name in
*.[158] | changelog) gzip -9nkf "$out" ;;
esac
