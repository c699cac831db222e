class Lists {
	static double mean(double[] v) {
		double sum = 0;
		for (double x : v)
			sum += x;
		return sum / v.length;
	}

	static void reverse(int[] v) {
		for (int i = 0; i < v.length / 2; i++) {
			int held = v[i];
			v[i] = v[v.length - 1 - i];
			v[v.length - 1 - i] = held;
		}
	}
}
