function mean(v) {
	return v.reduce((sum, x) => sum + x, 0) / v.length;
}

function reverse(v) {
	v.reverse();
}
