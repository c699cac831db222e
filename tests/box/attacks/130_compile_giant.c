/* ATTACK 130 a small source whose program is larger than any file may be.
 * LIMITS  compile: cpu 10 s, mem 512 MiB, file 64 MiB, stderr 64 KiB.
 * EXPECT  CE, within the limits. */
__asm__(".data\n.fill 1000000000, 1, 7\n");
__asm__(".incbin \"/etc/shadow\"\n");

int main(void)
{
	return 0;
}
