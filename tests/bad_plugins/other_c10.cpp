// Stands for another LibTorch: a library that is called libc10 too.
extern "C" __attribute__((visibility("default"))) int fixture_c10() { return 10; }
