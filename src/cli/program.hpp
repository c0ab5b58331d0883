// The programs of this executable: each a name, a line of help and a function over its arguments.
#pragma once

#include <string>
#include <vector>

namespace vit::cli {

using Arguments = std::vector<std::string>;  // without the program's own name

struct Program {
  const char* name;  // "train": `vit train` and `vit-train`
  const char* summary;
  int (*run)(const Arguments& arguments);  // returns the exit code; throws vit::Error
};

int train(const Arguments& arguments);
int finetune(const Arguments& arguments);
int eval(const Arguments& arguments);
int predict(const Arguments& arguments);
int inspect(const Arguments& arguments);
int convert(const Arguments& arguments);
int bench(const Arguments& arguments);
int models(const Arguments& arguments);
int dedup(const Arguments& arguments);
int pack(const Arguments& arguments);
int report(const Arguments& arguments);
int sweep(const Arguments& arguments);
int vtab(const Arguments& arguments);

}  // namespace vit::cli
