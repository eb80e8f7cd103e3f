#include "martlet_process.h"
