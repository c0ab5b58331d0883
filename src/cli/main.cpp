// One executable, many programs: it acts by the name it is called by (vit-train), or by its first
// argument (vit train).
#include "vit/core/error.hpp"
#include "vit/core/standard_output.hpp"
#include "vit/core/text.hpp"
#include "vit/core/version.hpp"

#include "program.hpp"
#include "report_error.hpp"

#include <fcntl.h>
#include <fmt/core.h>

#include <csignal>
#include <filesystem>
#include <string>

namespace vit::cli {
namespace {

constexpr Program kPrograms[] = {
    {"train", "train a model from a configuration, or resume a run", train},
    {"finetune", "adapt pretrained weights to your own images", finetune},
    {"sweep", "run a grid of trainings, and choose the best of it", sweep},
    {"eval", "top-1, top-5 and loss of a run or weight file", eval},
    {"predict", "name the classes of images, and show where the network looks", predict},
    {"inspect", "draw what a network has learnt: filters, positions, attention", inspect},
    {"convert", "move weights between timm, JAX, transformers and torchvision", convert},
    {"bench", "measure how fast images become training examples", bench},
    {"pack", "pack a data set into record shards", pack},
    {"report", "one HTML page over runs: compute, curves, confusion, samples", report},
    {"dedup", "find training pictures that are copies of test pictures", dedup},
    {"vtab", "fine-tune the 19 tasks of VTAB-1k and average them", vtab},
    {"models", "list models with parameters, cost, resolution and tokens", models},
};

const Program* find_program(const std::string& name) {
  for (const Program& program : kPrograms) {
    if (name == program.name) return &program;
  }
  return nullptr;
}

void print_help() {
  fmt::print("vit {}: Vision Transformers, trained, fine-tuned and evaluated\n\nprograms\n",
             build_info().version);
  for (const Program& program : kPrograms)
    fmt::print("  vit {:<10} {}\n", program.name, program.summary);
  fmt::print("\n`vit-NAME` and `vit NAME` are the same; `vit NAME --help` says more\n");
}

int dispatch(const std::string& called, Arguments arguments) {
  std::string name = called.starts_with("vit-") ? called.substr(4) : "";
  if (name.empty()) {
    if (arguments.empty() || arguments[0] == "help" || arguments[0] == "--help" ||
        arguments[0] == "-h") {
      print_help();
      return arguments.empty() ? static_cast<int>(ExitCode::kConfig) : 0;
    }
    if (arguments[0] == "--version") {
      fmt::print("vit {} ({}, {})\n", build_info().version, build_info().git_revision,
                 build_info().build_type);
      return 0;
    }
    name = arguments[0];
    arguments.erase(arguments.begin());
  }
  if (const Program* program = find_program(name)) {
    const int code = program->run(arguments);
    write_out("");  // what is still to be written
    return code;
  }
  std::vector<std::string> names;
  for (const Program& program : kPrograms) names.emplace_back(program.name);
  const std::string near = closest(name, names);
  throw ConfigError("there is no program called '" + name + "'" +
                    (near.empty() ? "" : "; did you mean '" + near + "'?") +
                    "\n`vit help` lists the programs");
}

}  // namespace

}  // namespace vit::cli

namespace {

// A file that is opened must not become the standard output of a program that was started without
// one.
void open_standard_files() {
  for (int file = 0; file <= 2; ++file) {
    if (fcntl(file, F_GETFD) < 0) (void)open("/dev/null", file == 0 ? O_RDONLY : O_WRONLY);
  }
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_files();
  const std::string called = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "vit";
  std::signal(SIGXFSZ, SIG_IGN);  // a file over the limit is an error of the write, with a message
  try {
    return vit::cli::dispatch(called, {argv + (argc > 0 ? 1 : 0), argv + argc});
  } catch (...) {
    return vit::cli::report_current_error();
  }
}
