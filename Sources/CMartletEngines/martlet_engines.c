#include "martlet_engines.h"
