#include <algorithm>
#include <numeric>
#include <vector>

double mean(const std::vector<double> &v)
{
	return std::accumulate(v.begin(), v.end(), 0.0) / v.size();
}

void reverse(std::vector<int> &v)
{
	std::reverse(v.begin(), v.end());
}
